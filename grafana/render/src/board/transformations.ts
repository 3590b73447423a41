// The transformations of a panel, by Grafana's own operators.

import {
  type DataFrame,
  type DataTransformerConfig,
  type DataTransformerInfo,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
  type TransformerRegistryItem,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

// Some are there by an old name too.
standardTransformersRegistry.setInit(() => [...new Set(Object.values(standardTransformers))].map(registered));

function registered(transformation: DataTransformerInfo): TransformerRegistryItem {
  return {
    id: transformation.id,
    name: transformation.name,
    transformation: () => Promise.resolve(transformation),
    editor: () => null,
    imageDark: '',
    imageLight: '',
  };
}

/** Applies `transformations` one after the other. One that is unknown is an error, where Grafana ignores it. */
export async function transform(
  data: DataFrame[],
  transformations: DataTransformerConfig[],
  interpolate: (text: string) => string,
): Promise<DataFrame[]> {
  const unknown = transformations.find(({ id }) => !standardTransformersRegistry.getIfExists(id));
  if (unknown) {
    throw new Error(`unknown transformation ${unknown.id}`);
  }
  return lastValueFrom(transformDataFrame(transformations, data, { interpolate }));
}

// Reads dashboards from their files.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Dashboard } from '../board/model.ts';

/** The dashboards of `folder` with these uids, or all, ordered by uid. */
export async function readDashboards(folder: string, uids: string[]): Promise<Dashboard[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const boards = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Dashboard),
  );
  const unknown = uids.filter((uid) => !boards.some((board) => board.uid === uid));
  if (unknown.length > 0) {
    throw new Error(`no dashboard ${unknown.join(', ')} in ${folder}`);
  }
  return uids.length === 0 ? boards : boards.filter(({ uid }) => uids.includes(uid!));
}

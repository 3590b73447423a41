import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Dashboard } from './model.ts';
import { refuseUnsupported } from './unsupported.ts';

const refused = (board: object) => () => refuseUnsupported(board as Dashboard);
const panel = (options: object) => ({ type: 'stat', title: 'A', targets: [{ refId: 'B', expr: 'up' }], ...options });

test('options that nothing reads are errors, also inside a collapsed row', () => {
  assert.throws(refused({ panels: [panel({ timeShift: '1h' })] }), /"A" has the option timeShift/);
  assert.throws(
    refused({ panels: [{ type: 'row', title: 'R', repeat: 'x', panels: [] }] }),
    /"R" has the option repeat/,
  );
  const hidden = panel({ targets: [{ refId: 'B', expr: 'up', hide: true }] });
  assert.throws(refused({ panels: [{ type: 'row', panels: [hidden] }] }), /"A", query B, has the option hide/);
  assert.throws(refused({ templating: { list: [{ name: 'v', regex: '/x/' }] } }), /variable v has the option regex/);
});

test('options that are off are none', () => {
  assert.doesNotThrow(
    refused({ panels: [panel({ transparent: false })], templating: { list: [{ name: 'v', regex: '' }] } }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseArguments, UsageError } from './arguments.ts';

test('variables have one value or several', () => {
  const { settings, boards } = parseArguments([
    '--prometheus',
    'http://x',
    '--var',
    'job=a',
    '--var',
    'topic=b,c',
    'uid',
  ]);
  assert.deepEqual(settings.variables, { job: ['a'], topic: ['b', 'c'] });
  assert.deepEqual(boards, ['uid']);
});

test('mistakes are told', () => {
  for (const args of [
    [],
    ['--prometheus', 'x', '--var', 'a'],
    ['--prometheus', 'x', '--width', 'wide'],
    ['--nonsense'],
  ]) {
    assert.throws(() => parseArguments(args), UsageError, args.join(' '));
  }
});

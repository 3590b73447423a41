import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseArguments, UsageError } from './arguments.ts';

test('variables have one value or several', () => {
  const parsed = parseArguments(['--prometheus', 'http://x', '--var', 'job=a', '--var', 'topic=b,c', 'uid']);
  assert(parsed !== 'help');
  assert.deepEqual(parsed.settings.variables, { job: ['a'], topic: ['b', 'c'] });
  assert.deepEqual(parsed.boards, ['uid']);
});

test('help needs nothing else', () => {
  assert.equal(parseArguments(['-h']), 'help');
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

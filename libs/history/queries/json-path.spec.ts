import { describe, expect, it } from '@jest/globals';
import { pathMatcher } from './json-path.js';

const event = { data: { votes: { safe: 1 }, categories: ['hate', 'violent'], none: null }, position: '12' };
const matches = (path: string, value?: string) => pathMatcher(path, value, 'path')(event);

describe('a path in an event', () => {
  it.each([
    ['$', undefined, true],
    ['$.data.votes.safe', undefined, true],
    ['$.data.votes.safe', '1', true],
    ['$.data.votes.safe', '2', false],
    ['$.data.votes', '{"safe":1}', true],
    ['$.data.none', undefined, true],
    ['$.data.none', 'null', true],
    ['$.data.categories[*]', 'violent', true],
    ['$.data.categories[0]', 'violent', false],
    ['$.data.categories[9]', undefined, false],
    ['$.data.*', 'violent', false],
    ['$.data.*[*]', 'violent', true],
    ["$['data']['votes']", undefined, true],
    ['$.position', '12', true],
    ['$.data.constructor', undefined, false],
    ['$.data.votes.safe.more', undefined, false],
  ])('%s with %s is found: %s', (path, value, isFound) => expect(matches(path, value)).toBe(isFound));

  it.each(['', 'data', '$.', '$..data', '$.data[', '$[-1]', '$[?(@.a)]', '$.data.votes.safe; drop'])(
    'refuses %j, which is none',
    (path) => expect(() => matches(path)).toThrow(/must be a path like/),
  );
});

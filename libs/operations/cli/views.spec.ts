import { expect, it } from '@jest/globals';
import { viewsText } from './views.js';

const fault = { key: 'acc-7', position: '41', eventType: 'ReviewConfirmed', error: 'TypeError: no such thing' };
const cases = {
  name: 'cases',
  version: 2,
  summary: 'Cases.',
  types: ['CaseOpened'],
  live: true,
  position: '50',
  rows: 3,
  parked: [],
};

it('the list of views shows the parked keys of a reactor with their errors, and no table if there are none', () => {
  const reactor = { name: 'enforcing', position: '50', parked: [fault] };
  const lines = viewsText({ items: [cases], reactions: [reactor] }).split('\n');
  expect(lines.at(-1)).toMatch(/^enforcing +acc-7 +41 +ReviewConfirmed +TypeError: no such thing$/);
  expect(viewsText({ items: [cases], reactions: [{ ...reactor, parked: [] }] })).not.toContain('PARKED BY');
});

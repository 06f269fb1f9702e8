import { expect, it } from '@jest/globals';
import { personPage } from './person-page.js';

it('shows every event, as text only', () => {
  const hostile = `<script>alert('x')</script>" onload="x`;
  const event = { position: '7', type: 'WaitlistJoined', time: '2022-05-18T09:00:00.000Z', by: hostile };
  const page = personPage(hostile, [{ ...event, data: { reason: hostile, count: 3, [hostile]: [hostile] } }]);
  expect(page).not.toContain('<script');
  expect(page).not.toContain('" onload');
  expect(page.match(/&#60;script&#62;/g)).toHaveLength(6);
  expect(page).toContain('<dt>count</dt><dd>3</dd>');
  expect(page).not.toMatch(/\b(?:src|href)=/);
});

import { expect, it } from '@jest/globals';
import { Backpressure } from './backpressure.js';

const FAR_AHEAD = 1_000_000;

it('delays no facts while no projector runs in this process', async () => {
  const gate = new Backpressure();
  gate.noteStored(FAR_AHEAD);
  await gate.pass();
});

it('delays facts beyond the lead until the projector has caught up', async () => {
  const gate = new Backpressure();
  const passed: string[] = [];
  gate.noteProjected(0);
  await gate.pass();
  gate.noteStored(FAR_AHEAD);
  const held = gate.pass().then(() => passed.push('held'));
  gate.noteProjected(1);
  await Promise.resolve();
  expect(passed).toEqual([]);
  gate.noteProjected(FAR_AHEAD - 1);
  await held;
  expect(passed).toEqual(['held']);
});

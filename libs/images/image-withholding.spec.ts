import { describe, expect, it } from '@jest/globals';
import { foldView, recorded } from '../../test/support/fold-view.js';
import { fold, foldRecorded } from '../kernel/decider.js';
import type { WithholdingEvent } from './events.js';
import { isWithheld, restoreImage, withholdImage, withholdingStream } from './image-withholding.js';
import { withheldImagesView } from './views/withheld-images.js';

const imageId = 'img-1';
const withheld: WithholdingEvent = { type: 'ImageWithheld', data: { imageId, caseId: imageId } };
const restored: WithholdingEvent = { type: 'ImageRestored', data: { imageId, reason: 'appeal-granted' } };
const given = (...events: WithholdingEvent[]) => fold(withholdingStream, events);

describe('an image', () => {
  it('is withheld until it is restored', () => {
    expect(withholdImage(given(), withheld.data as never, 1)).toEqual([withheld]);
    expect(isWithheld(given(withheld))).toBe(true);
    expect(restoreImage(given(withheld), restored.data as never)).toEqual([restored]);
    expect(isWithheld(given(withheld, restored))).toBe(false);
  });

  it('is withheld and restored once', () => {
    expect(withholdImage(given(withheld), withheld.data as never, 1)).toEqual([]);
    expect(restoreImage(given(), restored.data as never)).toEqual([]);
    expect(restoreImage(given(withheld, restored), restored.data as never)).toEqual([]);
  });

  it('is not withheld for a confirmation from before somebody restored it, and is for a later one', () => {
    const state = foldRecorded(withholdingStream, [recorded(5, 'ImageRestored', restored.data)]);
    expect(withholdImage(state, withheld.data as never, 4)).toEqual([]);
    expect(withholdImage(state, withheld.data as never, 6)).toEqual([withheld]);
  });

  it('counts as withheld after an event of it that can’t be read, until somebody restores it', () => {
    const doubtful = withholdingStream.evolveBroken!(given(), { position: 7, time: '' });
    expect(isWithheld(doubtful)).toBe(true);
    expect(restoreImage(doubtful, restored.data as never)).toEqual([restored]);
    expect(isWithheld(fold(withholdingStream, [restored], doubtful))).toBe(false);
  });

  it('is restored by a lead only if a problem of the model withholds it', () => {
    const found: WithholdingEvent = {
      type: 'ImageWithheld',
      data: { imageId, caseId: imageId, cause: 'model-problem', round: 1 },
    };
    const byLead = (state: ReturnType<typeof given>) => restoreImage(state, restored.data as never, false);
    expect(byLead(given(found))).toEqual([restored]);
    expect(byLead(given())).toEqual([]);
    const refused = expect.objectContaining({ code: 'violation-confirmed' });
    expect(() => byLead(given(withheld))).toThrow(refused);
    expect(() => byLead(given(found, withheld))).toThrow(refused);
    expect(() => byLead(withholdingStream.evolveBroken!(given(found), { position: 7, time: '' }))).toThrow(refused);
  });

  it('is in the view as its events say, also if they are read again', () => {
    const events = [recorded(1, 'ImageWithheld', withheld.data), recorded(2, 'ImageRestored', restored.data)];
    expect(foldView(withheldImagesView, events.slice(0, 1)).rows[imageId]).toMatchObject({ case_id: imageId });
    const both = foldView(withheldImagesView, events);
    expect(both.rows[imageId]).toMatchObject({ case_id: null, position: 2 });
    expect(foldView(withheldImagesView, [...events, ...events])).toEqual(both);
  });
});

import { describe, expect, it } from '@jest/globals';
import { CASE_ID, caseFile, flag, LEASE_MS, NOW } from '../../test/support/case-file.js';
import { fold } from '../kernel/decider.js';
import { caseStream } from './case.js';
import { claimCase } from './claim-decisions.js';
import { conflictOf } from './conflict-of-interest.js';
import { openCase } from './flag-decisions.js';
import {
  linkAccount,
  MAX_LINKS,
  type Reviewer,
  refuseUnskilled,
  reviewerStream,
  SEVERE_SKILL,
  setSkills,
  unlinkAccount,
  withSevereSkill,
} from './reviewer.js';
import type { ReviewerEvent } from './reviewer-events.js';

const reviewer = 'rev-1';
const reason = 'why';
const after = (...events: ReviewerEvent[]): Reviewer => fold(reviewerStream, events);
const skilled = { reviewer, skills: ['medical'], languages: ['en', 'cy'], reason };
const link = { reviewer, accountId: 'acc-1', reason };

describe('a reviewer', () => {
  it('gets skills and languages instead of those before', () => {
    const events = setSkills(after(), skilled);
    expect(events).toEqual([{ type: 'ReviewerSkillsSet', data: skilled }]);
    const state = after(...events);
    expect(setSkills(state, { ...skilled, languages: ['cy', 'en'], reason: 'another' })).toEqual([]);
    expect(after(...events, ...setSkills(state, { ...skilled, skills: [] }))).toMatchObject({ skills: new Set() });
  });

  it('is refused by a queue whose skill or language they lack', () => {
    const state = after(...setSkills(after(), skilled));
    refuseUnskilled(state, reviewer, { id: 'q' });
    refuseUnskilled(state, reviewer, { id: 'q', skill: 'medical', language: 'cy' });
    for (const queue of [
      { id: 'q', skill: 'other' },
      { id: 'q', skill: 'medical', language: 'de' },
    ])
      expect(() => refuseUnskilled(state, reviewer, queue)).toThrow(expect.objectContaining({ code: 'skill-needed' }));
  });

  it('never gets the skill for the most severe images by their own events', () => {
    const both = { ...skilled, skills: ['medical', SEVERE_SKILL] };
    expect(setSkills(after(), both)).toEqual([{ type: 'ReviewerSkillsSet', data: skilled }]);
    expect(after({ type: 'ReviewerSkillsSet', data: both }).skills).toEqual(new Set(['medical']));
    expect(setSkills(after({ type: 'ReviewerSkillsSet', data: skilled }), both)).toEqual([]);
    const queue = { id: 'q', skill: SEVERE_SKILL };
    refuseUnskilled(withSevereSkill(after(), true), reviewer, queue);
    expect(() => refuseUnskilled(withSevereSkill(after(), false), reviewer, queue)).toThrow(/an administrator can/);
  });

  it('is refused a claim on a case of such a queue', () => {
    const file = caseFile().append(openCase(caseStream.initial, flag()));
    const claim = { caseId: CASE_ID, reviewer, isLead: true, now: NOW, leaseMs: LEASE_MS };
    const by = (one: Reviewer) => ({
      needs: { queue: { id: 'q', skill: 'medical' }, reviewers: new Map([[reviewer, one]]) },
    });
    expect(() => claimCase(file.state(), claim, by(after()))).toThrow(
      expect.objectContaining({ code: 'skill-needed' }),
    );
    expect(claimCase(file.state(), claim, by(after(...setSkills(after(), skilled))))).toHaveLength(1);
  });

  it('is linked to an account until the link is removed', () => {
    const linked = after(...linkAccount(after(), link));
    expect(linkAccount(linked, { ...link, reason: 'another' })).toEqual([]);
    expect(unlinkAccount(linked, link)).toEqual([{ type: 'AccountUnlinked', data: link }]);
    const unlinked = after(...linkAccount(after(), link), ...unlinkAccount(linked, link));
    expect(unlinked.accounts.size).toBe(0);
    expect(unlinkAccount(unlinked, { ...link, reason: 'again' })).toEqual([]);
    expect(() => unlinkAccount(unlinked, { ...link, accountId: 'acc-other' })).toThrow(
      expect.objectContaining({ code: 'link-unknown' }),
    );
  });

  it('is linked to a limited number of accounts', () => {
    const many = after(
      ...Array.from({ length: MAX_LINKS }, (_, n) => ({
        type: 'AccountLinked' as const,
        data: { ...link, accountId: `a-${n}` },
      })),
    );
    expect(() => linkAccount(many, link)).toThrow(expect.objectContaining({ code: 'too-many-links' }));
  });

  it('reviews no image of a linked account, whether a flag or the image’s own record names it', () => {
    const links = new Map([[reviewer, new Set(['acc-1'])]]);
    const state = { ...caseStream.initial, accountId: 'acc-1' };
    expect(conflictOf(state, reviewer, { links })).toBe('linked-account');
    expect(conflictOf(state, 'rev-2', { links })).toBeUndefined();
    expect(conflictOf(state, reviewer, { links, owner: 'acc-2' })).toBeUndefined();
    expect(conflictOf({ ...caseStream.initial }, reviewer, { links, owner: 'acc-1' })).toBe('linked-account');
    expect(conflictOf({ ...caseStream.initial }, reviewer, { links })).toBeUndefined();
  });
});

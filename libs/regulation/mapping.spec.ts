import { describe, expect, it } from '@jest/globals';
import { CATEGORIES, COUNTRIES, KEYWORDS, keywordsOf, OTHER_KEYWORD } from '../kernel/commission-codes.js';
import { fold } from '../kernel/decider.js';
import { InvalidInput } from '../kernel/errors.js';
import { entryFor, type MappingEntry, mappingStream, setMapping, unknownClauses, unmappedClauses } from './mapping.js';
import { StatementMappingSet } from './mapping-events.js';

const data = StatementMappingSet.example as Parameters<typeof setMapping>[1];
const set = fold(mappingStream, setMapping(mappingStream.initial, data));
const faultsOf = (...entries: MappingEntry[]): string[] => {
  try {
    setMapping(mappingStream.initial, { entries, reason: 'a spec' });
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.errors.map(({ field }) => field);
    throw error;
  }
};
const terms: MappingEntry = { clause: 'spam', category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', ground: 'terms' };

describe('the mapping of statements of reasons', () => {
  it('is set, and is a no-op if it is in force', () => {
    expect(set.entries).toEqual(data.entries);
    expect(setMapping(set, data)).toEqual([]);
    expect(setMapping(set, { ...data, reason: 'another' })).toEqual([]);
  });

  it('has one entry for each clause, and one for decisions that name none', () => {
    expect(entryFor(set, 'violent')?.category).toBe('STATEMENT_CATEGORY_VIOLENCE');
    expect(entryFor(set, undefined)?.category).toBe('STATEMENT_CATEGORY_OTHER_VIOLATION_TC');
    expect(entryFor(set, 'spam')).toBeUndefined();
    expect(unmappedClauses(set, ['violent', 'spam', 'spam', 'hate'])).toEqual(['hate', 'spam']);
  });

  it('may name a clause that no version of the policy has, as reviews of other systems do, and says which', () => {
    const entries = [terms, { ...terms, clause: 'theirs' }, { ...terms, clause: undefined as never }];
    expect(faultsOf({ ...terms, clause: 'theirs' })).toEqual([]);
    expect(unknownClauses({ entries }, new Set(['spam']))).toEqual(['theirs']);
    expect(unknownClauses({ entries }, new Set(['spam', 'theirs']))).toEqual([]);
  });

  it('refuses two entries of a clause, and none to explain', () => {
    expect(faultsOf(terms, terms)).toEqual(['/entries/1/clause']);
    const { clause: _, ...byHand } = terms;
    expect(faultsOf(byHand)).toEqual(['/entries/0/explanation']);
    expect(faultsOf({ ...byHand, explanation: 'why' })).toEqual([]);
  });

  it('refuses keywords of another category, and what another keyword means without that keyword', () => {
    expect(faultsOf({ ...terms, keywords: ['KEYWORD_NUDITY'] })).toEqual(['/entries/0/keywords']);
    expect(faultsOf({ ...terms, keywords: ['KEYWORD_PHISHING'], otherKeyword: 'x' })).toEqual([
      '/entries/0/otherKeyword',
    ]);
    expect(faultsOf({ ...terms, keywords: [OTHER_KEYWORD], otherKeyword: 'x' })).toEqual([]);
  });

  it('refuses the category of unspecified notices, and one of terms for what is illegal', () => {
    expect(faultsOf({ ...terms, category: 'STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE' })).toEqual([
      '/entries/0/category',
    ]);
    const illegal = { ...terms, ground: 'illegal', legalGround: 'a law' } as const;
    expect(faultsOf({ ...illegal, category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC' })).toEqual([
      '/entries/0/category',
    ]);
  });

  it('needs the law of what is illegal, and of nothing else', () => {
    expect(faultsOf({ ...terms, ground: 'illegal' })).toEqual(['/entries/0/legalGround']);
    expect(faultsOf({ ...terms, legalGround: 'a law' })).toEqual(['/entries/0/legalGround']);
    expect(faultsOf({ ...terms, ground: 'illegal', legalGround: 'a law', isAlsoIllegal: true })).toEqual([
      '/entries/0/isAlsoIllegal',
    ]);
  });
});

it('knows the codes of the Commission', () => {
  expect(CATEGORIES).toHaveLength(16);
  expect(COUNTRIES).toHaveLength(30);
  expect(CATEGORIES.flatMap((one) => keywordsOf(one)).every((one) => KEYWORDS.includes(one))).toBe(true);
  for (const none of ['unheard-of', 'constructor', '__proto__']) expect(keywordsOf(none)).toEqual([]);
});

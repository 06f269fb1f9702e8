import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { faultsIn } from '../../test/support/statement-database.js';
import { CATEGORIES, COUNTRIES, KEYWORDS, keywordsOf, OTHER_KEYWORD } from '../kernel/commission-codes.js';
import type { MappingEntry } from './mapping.js';
import { MAX_EXPLANATION } from './mapping-events.js';
import type { Statement } from './statement.js';
import { DECIDERS, DECISIONS, SOURCES, StatementQueued, Submission } from './statement-events.js';
import { type PolicyClause, submissionOf } from './submission.js';

const statement = StatementQueued.example as Statement;
const clause: PolicyClause = {
  ...{ id: 'violent', title: 'No violence', text: 'Do not depict violence.' },
  ...{ version: '2022-05-18', url: 'https://example.org/policy' },
};
const terms: MappingEntry = { clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'terms' };
const { clause: _, ...withoutClause } = statement;

describe('a statement in the fields of the Commission’s database', () => {
  it('says what was done to an account, an account for a time, the service and an image', () => {
    const of = (change: Partial<Statement>) => submissionOf({ ...statement, ...change }, terms, clause, ['DE']);
    const until = '2022-06-01T09:00:00.000Z';
    expect(of({})).toMatchObject({
      decision_account: 'DECISION_ACCOUNT_TERMINATED',
      content_type: ['CONTENT_TYPE_IMAGE', 'CONTENT_TYPE_SYNTHETIC_MEDIA'],
      automated_decision: 'AUTOMATED_DECISION_PARTIALLY',
      content_date: '2022-05-18',
      application_date: '2022-05-19',
    });
    expect(of({ decision: 'account-suspended', until })).toMatchObject({
      decision_account: 'DECISION_ACCOUNT_SUSPENDED',
      end_date_account_restriction: '2022-06-01',
    });
    expect(of({ decision: 'service-restricted', until })).toMatchObject({
      decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION',
      end_date_service_restriction: '2022-06-01',
    });
    expect(of({ decision: 'image-disabled', isMeasureAutomated: false })).toMatchObject({
      decision_visibility: ['DECISION_VISIBILITY_CONTENT_DISABLED'],
      automated_decision: 'AUTOMATED_DECISION_NOT_AUTOMATED',
    });
  });

  it('has the clause as ground and its text as explanation, unless the mapping has other words', () => {
    expect(submissionOf(statement, terms, clause, ['DE'])).toMatchObject({
      decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
      decision_ground_reference_url: 'https://example.org/policy',
      incompatible_content_ground: 'Content policy 2022-05-18, clause violent: No violence',
      incompatible_content_explanation: 'Do not depict violence.',
      source_type: 'SOURCE_TYPE_OTHER_NOTIFICATION',
    });
    const illegal: MappingEntry = { ...terms, ground: 'illegal', legalGround: 'section 1', explanation: 'since …' };
    expect(submissionOf(statement, illegal, clause, ['DE'])).toMatchObject({
      decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT',
      illegal_content_legal_ground: 'section 1',
      illegal_content_explanation: 'since …',
      source_type: 'SOURCE_ARTICLE_16',
    });
  });

  it('says of a decision by hand that it is about an account, and of one whom nobody notified that it is voluntary', () => {
    const byHand: Statement = {
      ...withoutClause,
      ...{ decidedBy: 'operator', isMeasureAutomated: false, source: 'own-initiative' },
    };
    expect(submissionOf(byHand, { ...terms, explanation: 'why' }, undefined, ['DE'])).toMatchObject({
      content_type: ['CONTENT_TYPE_OTHER'],
      content_type_other: expect.stringContaining('account'),
      source_type: 'SOURCE_VOLUNTARY',
      automated_decision: 'AUTOMATED_DECISION_NOT_AUTOMATED',
    });
  });
});

const line = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }).filter((one) => !/[\p{Cc}]/u.test(one));
const day = fc.date({ min: new Date('1995-01-01'), max: new Date('2060-01-01'), noInvalidDate: true });
const statements = fc.record({
  statementId: fc.uuid(),
  enforcementId: fc.string({ minLength: 1, maxLength: 40 }).map((one) => `ENF:${one}:FNE`),
  decision: fc.constantFrom(...DECISIONS),
  until: fc.option(
    day.map((one) => one.toISOString()),
    { nil: undefined },
  ),
  clause: fc.constantFrom('violent', undefined),
  policyVersion: fc.constantFrom('2022-05-18', undefined),
  source: fc.constantFrom(...SOURCES),
  isDetectedByAutomation: fc.boolean(),
  decidedBy: fc.constantFrom(...DECIDERS),
  isMeasureAutomated: fc.boolean(),
  contentDate: day.map((one) => one.toISOString().slice(0, 10)),
  appliedAt: day.map((one) => one.toISOString()),
});
const entries = fc
  .record({
    category: fc.constantFrom(...CATEGORIES),
    isIllegal: fc.boolean(),
    isAlsoIllegal: fc.constantFrom(true, false, undefined),
    explanation: fc.option(fc.string({ minLength: 1, maxLength: MAX_EXPLANATION }), { nil: undefined }),
    law: line,
  })
  .map(
    ({ category, isIllegal, isAlsoIllegal, explanation, law }): MappingEntry => ({
      category,
      ...(keywordsOf(category).length > 0 && {
        keywords: [keywordsOf(category)[0]!, OTHER_KEYWORD],
        otherKeyword: law,
      }),
      ground: isIllegal ? 'illegal' : 'terms',
      ...(isIllegal && { legalGround: law }),
      ...(!isIllegal && isAlsoIllegal !== undefined && { isAlsoIllegal }),
      ...(explanation !== undefined && { explanation }),
    }),
  );
const clauses = fc.option(
  fc.record({
    id: fc.constant('violent'),
    title: line,
    text: fc.option(fc.string({ minLength: 1, maxLength: 4_000, unit: 'grapheme' }), { nil: undefined }),
    version: fc.constant('2022-05-18'),
    url: fc.constantFrom(undefined, 'https://example.org/policy', `https://example.org/${'a'.repeat(600)}`),
  }),
  { nil: undefined },
);

it('is valid by the rules of the database, whatever was decided and however it is mapped', () => {
  fc.assert(
    fc.property(statements, entries, clauses, (given, mapped, found) => {
      // An entry without a clause needs an explanation.
      const entry = given.clause === undefined ? { ...mapped, explanation: mapped.explanation ?? 'why' } : mapped;
      const made = submissionOf(given as Statement, entry, found as PolicyClause | undefined, COUNTRIES);
      expect(faultsIn(made)).toEqual({});
      expect(KEYWORDS).toEqual(expect.arrayContaining(made.category_specification ?? []));
      if (!/[\p{Cc}]/u.test(JSON.stringify(made))) expect(Value.Errors(Submission, made)).toEqual([]);
    }),
    { seed: 63, numRuns: 300 },
  );
});

it('has nothing of the account, the case or anybody: only words of the policy, of the mapping and its own', () => {
  fc.assert(
    fc.property(statements, entries, clauses, (given, entry, found) => {
      const made = submissionOf(given as Statement, entry, found as PolicyClause | undefined, COUNTRIES);
      expect(JSON.stringify(made)).not.toContain('ENF:');
      // Whatever differs between two persons' decisions of a day and a kind is the identifier, which nobody can compute.
      const other = { ...given, enforcementId: 'ENF:other', statementId: given.statementId } as Statement;
      expect(submissionOf(other, entry, found as PolicyClause | undefined, COUNTRIES)).toEqual(made);
    }),
    { seed: 17, numRuns: 200 },
  );
});

import { DAY_MS, toIso, utcDayOf } from '../kernel/clock.js';
import { OTHER_KEYWORD } from '../kernel/commission-codes.js';
import type { Clause } from '../policy/index.js';
import type { MappingEntry } from './mapping.js';
import { MAX_EXPLANATION, MAX_GROUND } from './mapping-events.js';
import type { Statement, Submission } from './statement.js';

/** The clause as it was in force, if that version of the policy has it. */
export interface PolicyClause extends Pick<Clause, 'id' | 'title' | 'text'> {
  version: string;
  url?: string | undefined;
}

/** Days beyond it are refused by the database. */
const LAST_DAY = '2038-01-01';
const FIRST_APPLICATION_DAY = '2020-01-01';
const FIRST_CONTENT_DAY = '2000-01-01';

/**
 * The statement in the fields of the Commission's database. All words come from the policy, from the mapping and from here: none
 * from a person who is concerned, or who decided.
 * @param clause undefined if the decision names none, or none that a version of the policy has
 * @param territorialScope codes of countries
 */
export function submissionOf(
  statement: Statement,
  entry: MappingEntry,
  clause: PolicyClause | undefined,
  territorialScope: readonly string[],
): Submission {
  const { statementId, contentDate, appliedAt } = statement;
  const { keywords, otherKeyword } = entry;
  const isOther = keywords?.includes(OTHER_KEYWORD) && otherKeyword !== undefined;
  return {
    puid: statementId,
    ...decisionOf(statement),
    decision_facts: factsOf(statement),
    ...groundOf(statement, entry, clause),
    ...contentOf(statement),
    category: entry.category,
    ...(keywords && { category_specification: [...keywords] }),
    ...(isOther && { category_specification_other: otherKeyword }),
    territorial_scope: [...territorialScope],
    content_date: within(contentDate, FIRST_CONTENT_DAY),
    application_date: within(utcDayOf(appliedAt), FIRST_APPLICATION_DAY),
    source_type: sourceOf(statement, entry),
    automated_detection: statement.isDetectedByAutomation ? 'Yes' : 'No',
    automated_decision: automationOf(statement),
  };
}

const within = (day: string, first: string): string => (day < first ? first : day > LAST_DAY ? LAST_DAY : day);

/** Not before it begins; none beyond what the database knows, which then has it without an end. */
function endOf({ until, appliedAt }: Statement): string | undefined {
  if (until === undefined) return undefined;
  const day = utcDayOf(until);
  return day > LAST_DAY ? undefined : within(day, within(utcDayOf(appliedAt), FIRST_APPLICATION_DAY));
}

function decisionOf(statement: Statement): Partial<Submission> {
  const { decision } = statement;
  const end = endOf(statement);
  switch (decision) {
    case 'account-terminated':
      return { decision_account: 'DECISION_ACCOUNT_TERMINATED' };
    case 'account-suspended':
      return {
        decision_account: 'DECISION_ACCOUNT_SUSPENDED',
        ...(end !== undefined && { end_date_account_restriction: end }),
      };
    case 'service-restricted':
      return {
        decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION',
        ...(end !== undefined && { end_date_service_restriction: end }),
      };
    case 'image-disabled':
      return { decision_visibility: ['DECISION_VISIBILITY_CONTENT_DISABLED'] };
  }
}

/** Decisions by hand need not be about an image. */
function contentOf({
  clause,
  decision,
  decidedBy,
}: Statement): Pick<Submission, 'content_type' | 'content_type_other'> {
  if (decision === 'image-disabled' || clause !== undefined || decidedBy === 'reviewers')
    return { content_type: ['CONTENT_TYPE_IMAGE', 'CONTENT_TYPE_SYNTHETIC_MEDIA'] };
  return { content_type: ['CONTENT_TYPE_OTHER'], content_type_other: 'An account of a service that generates images' };
}

const SOURCE_FACTS = {
  users: { true: 'Users and automated detection', false: 'Users' },
  'own-initiative': { true: 'Automated detection', false: 'The provider' },
} as const;
const DECIDER_FACTS = {
  reviewers: 'People reviewed it and found the violation.',
  operator: 'A person of the provider decided.',
  'other-system': 'Another system of the provider decided; whether a person took part is not known here.',
} as const;

function factsOf({ source, isDetectedByAutomation, decidedBy, isMeasureAutomated, decision }: Statement): string {
  const who = SOURCE_FACTS[source][`${isDetectedByAutomation}`];
  const found = decidedBy === 'reviewers' ? `${who} reported an image that was made with the service.` : undefined;
  const measure =
    isMeasureAutomated && decision !== 'image-disabled'
      ? 'The measure follows from published rules by the clause that was violated and the number of earlier violations.'
      : undefined;
  return [found, DECIDER_FACTS[decidedBy], measure].filter((one) => one !== undefined).join(' ');
}

function groundOf(
  { clause: named, policyVersion }: Statement,
  { ground, legalGround, explanation, isAlsoIllegal }: MappingEntry,
  clause: PolicyClause | undefined,
): Pick<Submission, 'decision_ground'> & Partial<Submission> {
  const why = shortened(explanation ?? clause?.text ?? clause?.title ?? named ?? '', MAX_EXPLANATION);
  const reference = clause?.url !== undefined && clause.url.length <= MAX_GROUND ? clause.url : undefined;
  const common = { ...(reference !== undefined && { decision_ground_reference_url: reference }) };
  if (ground === 'illegal') {
    return {
      decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT',
      ...common,
      illegal_content_legal_ground: legalGround!,
      illegal_content_explanation: why,
    };
  }
  const version = clause?.version ?? policyVersion;
  const place = [
    version === undefined ? 'Content policy' : `Content policy ${version}`,
    ...(named === undefined ? [] : [`clause ${named}`]),
  ].join(', ');
  return {
    decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
    ...common,
    incompatible_content_ground: shortened(clause ? `${place}: ${clause.title}` : place, MAX_GROUND),
    incompatible_content_explanation: why,
    ...(isAlsoIllegal !== undefined && { incompatible_content_illegal: isAlsoIllegal ? 'Yes' : 'No' }),
  };
}

/** Characters as the database counts them, so that none is cut in half. */
function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** A notice of article 16 is about illegal content; other flags of users are notifications too. */
function sourceOf({ source }: Statement, { ground }: MappingEntry): string {
  if (source === 'own-initiative') return 'SOURCE_VOLUNTARY';
  return ground === 'illegal' ? 'SOURCE_ARTICLE_16' : 'SOURCE_TYPE_OTHER_NOTIFICATION';
}

/** People decide about images here; the ladder chooses the measure. What another system did is not known. */
function automationOf({ decidedBy, decision, isMeasureAutomated }: Statement): string {
  if (decidedBy === 'other-system') return 'AUTOMATED_DECISION_PARTIALLY';
  return isMeasureAutomated && decision !== 'image-disabled'
    ? 'AUTOMATED_DECISION_PARTIALLY'
    : 'AUTOMATED_DECISION_NOT_AUTOMATED';
}

/** The day of a time in epoch milliseconds. */
export const dayOf = (at: number): string => utcDayOf(toIso(Math.floor(at / DAY_MS) * DAY_MS));

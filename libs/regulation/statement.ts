import type { StreamKind } from '../kernel/decider.js';
import { NotFound, Refusal } from '../kernel/errors.js';
import { type StatementEvent, statementEvents } from './statement-events.js';

type DataOf<Type extends StatementEvent['type']> = Extract<StatementEvent, { type: Type }>['data'];

/** What was decided, of which the statement gives the reasons. */
export type Statement = DataOf<'StatementQueued'>;
export type Accepted = DataOf<'StatementAccepted'>;
/** What the Commission's database gets. */
export type Submission = NonNullable<Accepted['submission']>;

export const STATEMENT_STATUSES = ['waiting', 'accepted', 'refused'] as const;

export interface StatementState {
  status: 'none' | (typeof STATEMENT_STATUSES)[number];
  statement?: Statement;
  /** What was sent last, if that is known. */
  sent?: Submission;
  errors: readonly string[];
}

export const statementStream: StreamKind<StatementState, StatementEvent> = {
  category: 'statement',
  events: statementEvents,
  initial: { status: 'none', errors: [] },
  evolve(state, { type, data }) {
    switch (type) {
      case 'StatementQueued':
        return { status: 'waiting', statement: data, errors: [] };
      case 'StatementAccepted':
        return { ...state, ...(data.submission && { sent: data.submission }), status: 'accepted', errors: [] };
      case 'StatementRefused':
        return { ...state, ...(data.submission && { sent: data.submission }), status: 'refused', errors: data.errors };
    }
  },
};

/** A no-op if it was queued: a decision has one statement, however often it is reported. */
export const queueStatement = ({ status }: StatementState, statement: Statement): StatementEvent[] =>
  status === 'none' ? [{ type: 'StatementQueued', data: statement }] : [];

/** A no-op unless it waits. */
export const recordAccepted = ({ status }: StatementState, data: Accepted): StatementEvent[] =>
  status === 'waiting' ? [{ type: 'StatementAccepted', data }] : [];

/** A no-op unless it waits. */
export const recordRefused = ({ status }: StatementState, data: DataOf<'StatementRefused'>): StatementEvent[] =>
  status === 'waiting' ? [{ type: 'StatementRefused', data }] : [];

/** @throws NotFound statement-unknown */
export function refuseUnknown(
  state: StatementState,
  statementId: string,
): asserts state is StatementState & { status: (typeof STATEMENT_STATUSES)[number]; statement: Statement } {
  if (state.statement) return;
  throw new NotFound('statement-unknown', `there is no statement ${statementId}; GET /v1/statements lists them`);
}

/**
 * Sends a refused statement again. A no-op if it waits.
 * @throws NotFound statement-unknown; Refusal statement-accepted
 */
export function retryStatement(state: StatementState, statementId: string): StatementEvent[] {
  refuseUnknown(state, statementId);
  if (state.status === 'accepted') {
    throw new Refusal(
      'statement-accepted',
      `the Commission’s database has statement ${statementId} already, and accepts each once; nothing is left to send`,
    );
  }
  return state.status === 'waiting' ? [] : [{ type: 'StatementQueued', data: state.statement }];
}

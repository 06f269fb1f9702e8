/** The default of GATEHOUSE_STALENESS_MS. */
const STALENESS_MS = 5_000;
const LONGEST_EVALUATION_MS = 5_000;
/** A readiness check waits up to two seconds. */
const READINESS_MS = 3_000;

/** An answer as a finding shows it. */
export const shown = (answer) => (answer ? `${answer.status} ${JSON.stringify(answer.body)}` : 'nothing');

/**
 * The faults of a gateway during an outage of the event store, a line each.
 * @param span begunAt, endedAt: the store was surely unavailable between them
 * @param answers evaluations of an account in good standing, posts of events, readiness; undefined for no answer
 */
export const judgeGateway = (span, { evaluations, posts, readiness }) => [
  ...new Set([
    ...evaluations.flatMap((answer) => judgeEvaluation(span, answer)),
    ...judgeDecisions(evaluations.filter((answer) => answer?.status === 200 && isDuring(span, answer))),
    ...posts.flatMap((answer) => judgePost(span, answer)),
    ...(posts.some((answer) => answer && answer.status !== 202 && isDuring(span, answer)) ? [] : ['refused no events']),
    ...judgeReadiness(readiness.filter((answer) => answer && isDuring(span, answer) && isSettled(span, answer))),
  ]),
];

const isDuring = ({ endedAt }, { answeredAt }) => answeredAt < endedAt;
const isSettled = ({ begunAt }, { askedAt }) => askedAt > begunAt + READINESS_MS;

/** Expects answers from memory within the staleness bound, denies past it, and never no answer. */
function judgeEvaluation(span, answer) {
  if (answer?.status !== 200) return [`answered an evaluation with ${shown(answer)}`];
  const { body, askedAt, answeredAt } = answer;
  const { decision, context } = body;
  const age = Math.round(askedAt - span.begunAt);
  return [
    ...(answeredAt - askedAt > LONGEST_EVALUATION_MS
      ? [`took ${Math.round(answeredAt - askedAt)} ms to evaluate`]
      : []),
    ...(decision && age > STALENESS_MS && isDuring(span, answer) ? [`allowed ${age} ms after the log was gone`] : []),
    ...(decision || context.reason === 'decision-point-stale' ? [] : [`denied by ${context.reason}`]),
  ];
}

const judgeDecisions = (evaluations) => [
  ...(evaluations.some(({ body }) => body.decision) ? [] : ['answered nothing from memory']),
  ...(evaluations.some(({ body }) => !body.decision) ? [] : ['never denied']),
];

/** Expects a refusal with the time to retry, or an answer after the store is back; no acceptance before. */
function judgePost(span, answer) {
  if (!answer) return ['held events for too long'];
  if (answer.status === 202) return isDuring(span, answer) ? ['accepted events during the outage of the store'] : [];
  if (answer.status !== 503 && answer.status !== 429) return [`answered events with ${shown(answer)}`];
  return answer.headers.get('retry-after') ? [] : [`did not say when to send events again: ${shown(answer)}`];
}

const judgeReadiness = (answers) =>
  answers.length > 0 && answers.every(({ status }) => status === 503) ? [] : ['called itself ready'];

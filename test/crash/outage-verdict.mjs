/** What GATEHOUSE_STALENESS_MS is by default. */
const STALENESS_MS = 5_000;
const LONGEST_EVALUATION_MS = 5_000;
/** A check of readiness waits for its answer for two seconds. */
const READINESS_MS = 3_000;

/** An answer as a finding tells it. */
export const shown = (answer) => (answer ? `${answer.status} ${JSON.stringify(answer.body)}` : 'nothing');

/**
 * What a gateway did wrong while the event store was away, a line each.
 * @param span begunAt, endedAt: the store was surely away from and until then
 * @param answers evaluations of an account in good standing, posts of events, readiness; undefined where none came
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

/** From memory within the bound, deny past it, and always an answer. */
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

/** Refused with the time to come again, or held until the store is back; never accepted before. */
function judgePost(span, answer) {
  if (!answer) return ['held events for too long'];
  if (answer.status === 202) return isDuring(span, answer) ? ['accepted events with the store away'] : [];
  if (answer.status !== 503 && answer.status !== 429) return [`answered events with ${shown(answer)}`];
  return answer.headers.get('retry-after') ? [] : [`did not say when to send events again: ${shown(answer)}`];
}

const judgeReadiness = (answers) =>
  answers.length > 0 && answers.every(({ status }) => status === 503) ? [] : ['called itself ready'];

const question = {
  subject: { type: 'account', id: 'acc-1' },
  action: { name: 'share' },
  resource: { type: 'image', id: 'img-1', properties: { faces: true, photorealistic: true } },
  context: { minPosition: '0' },
};

/** A valid body for each route with a body: `METHOD /path`. */
export const validBodies: Record<string, Record<string, unknown>[]> = {
  'POST /v1/log-verifications': [
    { full: true, keys: ['PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'] },
  ],
  'POST /v1/persons/:id/erasure': [{ reason: 'the person asked for it' }],
  'POST /v1/evidence-bundles': [{ id: 'img-1', kind: 'case', reason: 'asked for by the regulator' }],
  'POST /v1/log-key-rotations': [{ reason: 'yearly', overlapHours: 168, key: 'example.org/log+c74f20a3+ARpc' }],
  'POST /v1/persons/:id/exports': [{ reason: 'request-2022-17', after: '0' }],
  'POST /v1/root-key/rotations': [{ reason: 'yearly' }],
  'POST /v1/subject-requests': [
    { requestId: 'request-1', person: 'acc-1', kind: 'export', receivedAt: '2022-05-18T09:00:00Z' },
  ],
  'POST /v1/subject-requests/:id/closing': [{ outcome: 'done', reason: 'sent by post' }],
  'POST /v1/retention-runs': [{ dataClass: 'prompts', through: '202104', dryRun: true, reason: 'kept for a year' }],
  'POST /v1/waitlist': [
    { email: 'ada@example.org', priority: 5, locale: 'en-GB', policyVersion: '1', reason: 'to draw' },
    { email: 'ben@example.org', addressConfirmed: true },
  ],
  'POST /v1/waitlist/address-exports': [{ reason: 'invitations', class: 'artists', limit: 10 }],
  'POST /v1/policy': [
    { version: '1', url: 'https://example.org/policy', text: 'be kind' },
    { version: '2', effectiveFrom: '2999-01-01T00:00:00Z', graceDays: 7 },
    { version: '3', clauses: [{ id: 'violent', title: 'No violence', severity: 2, text: 'in no form' }] },
  ],
  'POST /v1/policy/withdrawals': [{ version: '2', reason: 'a mistake' }],
  'POST /v1/accounts/:id/policy-acceptance': [{ version: '1' }],
  'POST /v1/accounts/:id/suspension': [{ until: '2022-06-01T00:00:00Z', reason: 'first-strike' }],
  'POST /v1/accounts/:id/deactivation': [{ reason: 'operator-decision', categories: ['violent', 'hate'] }],
  'POST /v1/accounts/:id/restriction': [{ action: 'share', until: '2022-06-01T00:00:00Z', reason: 'spam' }],
  'POST /v1/accounts/:id/reinstatement': [{ reason: 'appeal-granted', cause: 'img-1' }],
  'POST /v1/images/:id/restoration': [{ reason: 'appeal-granted' }],
  'POST /v1/enforcements/:id/acknowledgements': [{ target: 'session-service', position: '1043' }],
  'POST /v1/enforcements/:id/redelivery': [{ reason: 'restored' }],
  'PUT /v1/enforcement-targets/:name': [
    { consequences: ['deactivate', 'withhold'], deadlineSeconds: 60, retrySeconds: 30, reason: 'sessions' },
  ],
  'PUT /v1/enforcement-ladder': [
    {
      entries: [
        {
          strikeDays: 90,
          steps: [
            { strikes: 1, measure: 'restrict', action: 'share', days: 7 },
            { strikes: 2, measure: 'deactivate' },
          ],
        },
      ],
      reason: 'an appeal',
    },
    { entries: [{ steps: [{ strikes: 1, measure: 'deactivate' }] }], reason: 'as before' },
  ],
  'POST /v1/enforcement-ladder/dry-runs': [{ entries: [{ steps: [{ strikes: 1, measure: 'strike' }] }], cases: 10 }],
  'PUT /v1/statement-mapping': [
    {
      entries: [
        {
          ...{ category: 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC', ground: 'terms', isAlsoIllegal: true },
          ...{ keywords: ['KEYWORD_OTHER'], otherKeyword: 'resold accounts', explanation: 'against the terms' },
        },
        {
          ...{ clause: 'violent', category: 'STATEMENT_CATEGORY_VIOLENCE', ground: 'illegal' },
          ...{ legalGround: 'a law' },
        },
      ],
      reason: 'as agreed',
    },
  ],
  'PUT /v1/authority-orders/:id': [
    {
      ...{ kind: 'act', country: 'DE', category: 'STATEMENT_CATEGORY_VIOLENCE', keyword: 'KEYWORD_HUMAN_TRAFFICKING' },
      ...{ items: 2, receivedAt: '2022-05-18T09:00:00Z', acknowledgedAt: '2022-05-18T10:00:00Z' },
      ...{ carriedOutAt: '2022-05-18T11:00:00Z', reason: 'letter 17' },
    },
  ],
  'PUT /v1/disputes/:id': [
    {
      ...{ submittedAt: '2022-05-18T09:00:00Z', decidedAt: '2022-06-18T09:00:00Z', outcome: 'reversed' },
      ...{ isImplemented: true, reason: 'decision 4' },
    },
  ],
  'PUT /v1/trusted-flaggers/:id': [{ reason: 'named by the coordinator' }],
  'POST /v1/statement-mapping/dry-runs': [
    { entries: [{ clause: 'spam', category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD', ground: 'terms' }] },
  ],
  'POST /v1/enforcements/:id/appeals': [{ text: 'it is a film', hasNewEvidence: true, accountId: 'acc-1' }],
  'POST /v1/appeals/:id/decision': [
    { outcome: 'partly-granted', clause: 'spam', reason: 'it advertises', token: 1 },
    { outcome: 'denied', reason: 'it shows an injury', token: 1 },
  ],
  'PUT /v1/appeals/:id/claim': [{ token: 1 }],
  'POST /v1/appeals/:id/handover': [{ reviewer: 'rev-2', reason: 'reads Welsh', token: 1 }],
  'PUT /v1/gate/limit': [{ limit: 0.0002, reason: 'as published' }],
  'PUT /v1/gate/parameters': [
    { alpha: 0.04, labelDelayDays: 14, lateShare: 0.01, recallLower: 0.5, reason: 'measured' },
    { accountDays: 7, accountCap: 1, isNearLimit: true, plannedStages: 4, reason: 'a plan' },
    { mostLoad: 0.7, mostWaitingDays: 2, brakingDays: 4.5, silenceDays: 7, reason: 'more reviewers' },
  ],
  'POST /v1/gate/detector-changes': [{ detector: 'nudity 3', reason: 'it missed drawings' }],
  'POST /v1/gate/overrides': [
    { overrideId: 'o-1', outcome: 'hold', reason: 'others help out', until: '2032-06-01T00:00:00Z' },
  ],
  'POST /v1/gate/model-changes': [{ model: 'dalle-2.1', reason: 'a better filter' }],
  'PUT /v1/rollout/plan/classes': [
    { mode: 'quotas', classes: [{ class: 'artists', share: 20 }], reason: 'the artist programme' },
  ],
  'PUT /v1/rollout/plan/schedule': [
    { timeZone: 'Europe/London', days: ['monday'], hours: [9, 15], reason: 'while reviewers are there' },
  ],
  'POST /v1/invitations': [{ size: 10, priority: 5, batchId: 'spring', days: 7 }, { accounts: ['acc-1'] }],
  'POST /v1/invitations/:batchId/withdrawal': [{ reason: 'sent to the wrong people' }],
  'POST /v1/waitlist/:accountId/invitation-acceptance': [{ token: '0196e0f0-0000-8000-8000-000000000001' }],
  'POST /v1/waitlist/confirmations': [{ accountId: 'acc-1', token: '0196e0f0-0000-8000-8000-000000000001' }],
  'POST /v1/waitlist/confirmation-requests': [
    { reason: 'the first mails were lost', class: 'artists', olderThanDays: 7, limit: 10, dryRun: true },
  ],
  'POST /v1/waitlist/:accountId/confirmation': [{ reason: 'confirmed by telephone' }],
  'POST /v1/waitlist/classes': [{ class: 'artists', accounts: ['acc-1'], reason: 'the artist programme' }],
  'PUT /v1/rollout/rate': [
    { perWeek: 10, daily: true },
    { perWeek: 15, reason: 'a test', confirm: 15, effectiveAt: '2032-06-01T00:00:00Z' },
  ],
  'POST /v1/rollout/resume': [{ reason: 'a test', effectiveAt: '2032-06-02T00:00:00Z' }],
  'PUT /v1/rollout/ramp': [
    { steps: [{ perWeek: 20, afterDays: 7, exposures: 1000, mode: 'automatic' }], reason: 'a test' },
  ],
  'POST /v1/rollout/ramp/confirmations': [{ planId: 'ramp-1', perWeek: 20 }],
  'POST /v1/rollout/phase-proposals': [
    { changeId: 'r-p', phase: 'open', ceiling: 1000, reason: 'a test' },
    { changeId: 'r-q', phase: 'preview', perWeek: 5, reason: 'a test', confirm: 5 },
  ],
  'POST /v1/rollout/proposals': [
    {
      ...{ changeId: 'r-1', perWeek: 20, daily: false, reason: 'a test', confirm: 20 },
      ...{ effectiveAt: '2032-06-01T00:00:00Z', expiresAt: '2032-05-20T00:00:00Z' },
    },
  ],
  'POST /v1/rollout/proposals/:id/approval': [{ confirm: 20 }],
  'POST /v1/rollout/changes/:position/revert': [{ reason: 'a test', confirm: 10, changeId: 'r-2' }],
  'PUT /v1/switches/:action': [{ reason: 'an incident', until: '2032-06-01T00:00:00Z' }],
  'PUT /v1/image-rules/:rule': [
    { reason: 'the preview begins', from: '2032-06-01T00:00:00Z', until: '2032-07-01T00:00:00Z' },
  ],
  'POST /v1/rollout/pause': [{ reason: 'reviewers are behind' }],
  'POST /v1/cohorts': [
    { accounts: ['acc-1', 'acc-2'], cohortId: 'c-1' },
    { size: 1, priority: 5, cohortId: 'c-2' },
  ],
  'POST /v1/cohorts/:id/closing': [{ reason: 'it waits' }],
  'POST /v1/cohorts/:id/address-exports': [{ reason: 'invitations', part: 0 }],
  'POST /v1/cases/:id/reveals': [{ level: 'prompt', reason: 'ambiguous', token: 1 }],
  'POST /v1/bulk-jobs': [
    {
      ...{ action: 'confirm', clause: 'violent', queue: 'default', category: 'violent', account: 'acc-1' },
      ...{ openedBefore: '2032-06-01T00:00:00Z', openedAfter: '2022-06-01T00:00:00Z', atMost: 9, reason: 'a test' },
    },
    { action: 'requeue', toQueue: 'default', atMost: 0, reason: 'a test' },
    { action: 'dismiss', reason: 'a preview' },
    { compensates: 'bulk-1', atMost: 9, reason: 'a mistake' },
  ],
  'PUT /v1/review-sampling': [
    { secondReviewPercent: 5, secondReviewOfDeactivations: true, goldenPercent: 3, reason: 'agreement' },
    { prevalencePerMillion: 200, prevalenceQueue: 'default', reason: 'prevalence' },
    { isPrevalenceByRules: true, reason: 'by the rules again' },
  ],
  'POST /v1/golden-cases': [
    {
      ...{ imageId: 'golden-1', verdict: 'unsafe', clause: 'violent', categories: ['violent'], confidence: 0.5 },
      ...{ queue: 'default', accountId: 'acc-of-nobody', photorealistic: true, faces: false, promptCategory: 'war' },
      ...{ prompt: 'a battle', note: 'from the training set' },
    },
    { imageId: 'golden-2', verdict: 'safe', categories: [] },
  ],
  'POST /v1/isolated-flags/:id/replay': [{ reason: 'they are right' }],
  'PUT /v1/severe-viewers/:id': [{ reason: 'trained for it' }],
  'PUT /v1/cases/:id/claim': [{ token: 1 }],
  'POST /v1/cases/:id/hold': [{ token: 1, until: '2032-06-01T00:00:00Z', note: 'asked' }],
  'POST /v1/cases/:id/handover': [{ token: 1, reviewer: 'rev-2', note: 'in Welsh' }],
  'POST /v1/cases/:id/escalate': [{ token: 1, note: 'unclear' }],
  'POST /v1/cases/:id/authority-reports': [
    { authority: 'NCMEC', reference: 'CT-2022-1', sentAt: '2022-05-19T12:00:00.000Z' },
  ],
  'POST /v1/exports': [
    { exportId: 'request-1', dataset: 'decisions', from: '2022-01-01T00:00:00Z', to: '1', reason: 'a test' },
  ],
  'POST /v1/reports': [{ at: '1' }],
  'POST /v1/accounts/:id/legal-holds': [{ holdId: 'request-1', reason: 'an order of a court' }],
  'POST /v1/cases/:id/reopen': [{ reason: 'the clause was clarified' }],
  'PUT /v1/queues': [
    {
      queues: [{ id: 'default' }, { id: 'severe', title: 'Severe', skill: 'severe', language: 'cy' }],
      rules: [{ queue: 'severe', categories: ['violent'], sources: ['detector'], minSeverity: 3, minConfidence: 0.5 }],
      default: 'default',
      patienceHours: 24,
      reason: 'trained reviewers',
    },
  ],
  'PUT /v1/reviewers/me/declined-categories': [{ categories: ['violent'], until: '2022-05-19T00:00:00Z' }],
  'PUT /v1/reviewers/:id/skills': [{ skills: ['severe'], languages: ['cy'], reason: 'trained' }],
  'POST /v1/reviewers/:id/accounts': [{ accountId: 'acc-1', reason: 'a relative' }],
  'POST /v1/cases/:id/verdicts': [
    { token: 1, verdict: 'unsafe', clause: 'violent', rationale: 'a wound', note: 'see the sign', answerTimeMs: 1000 },
  ],
  'POST /access/v1/evaluation': [question],
  'POST /access/v1/evaluations': [
    {
      ...question,
      evaluations: [{}, { action: { name: 'flag' } }],
      options: { evaluations_semantic: 'deny_on_first_deny' },
    },
  ],
  'POST /v1/tokens': [{ name: 'fuzz', roles: ['service'] }],
  'POST /v1/audit/replays': [{ at: '0', views: ['cases'], keep: 'fuzz' }],
  'POST /v1/audit/diffs': [{ from: '0', to: '0', views: ['cases'], rows: 10 }],
  'POST /v1/views/verify': [{ views: ['cases'] }],
  'POST /v1/views/rebuild': [{ views: ['cases'] }],
};

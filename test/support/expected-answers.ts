import { expect } from '@jest/globals';
import type { Answer } from './gatehouse.js';

/** Every error of the HTTP API, whatever was sent. @param context is shown if it fails */
export function expectProblem({ status, headers, body }: Answer, context: unknown) {
  expect([context, status >= 400 && status < 500, headers.get('content-type')]).toEqual([
    context,
    true,
    expect.stringMatching(/^application\/problem\+json/),
  ]);
  expect(body).toMatchObject({
    status,
    type: expect.stringMatching(/^https:\/\/.*\/[a-z0-9-]+$/),
    detail: expect.stringMatching(/^\S/),
  });
}

export interface Result {
  outcome: string;
  reason?: string;
  field?: string;
  position?: string;
  quarantineId?: string;
}

/** A result for each event of a batch, accepted or in the quarantine. @param context is shown if it fails */
export function expectResults(answer: Answer, count: number, context: unknown): Result[] {
  expect([context, answer.status, answer.body.results?.length]).toEqual([context, 202, count]);
  for (const result of answer.body.results) {
    const expected =
      result.outcome === 'quarantined'
        ? {
            reason: expect.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/),
            field: expect.any(String),
            detail: expect.any(String),
            quarantineId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          }
        : { outcome: expect.stringMatching(/^(accepted|duplicate)$/), position: expect.stringMatching(/^[1-9]\d*$/) };
    expect([context, result]).toEqual([context, expect.objectContaining(expected)]);
  }
  return answer.body.results;
}

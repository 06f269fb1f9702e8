import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DENY_REASONS } from '../decision-point/decision-point.js';
import { evaluationAnswer } from './evaluate-access.js';
import { answerText } from './fast-evaluation.js';

it('answers in the same bytes as the controller', () => {
  const reason = fc.option(fc.constantFrom(...DENY_REASONS), { nil: undefined });
  fc.assert(
    fc.property(fc.boolean(), reason, fc.nat(), fc.option(fc.uuid()), (decision, why, position, id) => {
      const answer = { decision, ...(why !== undefined && { reason: why }), ...(id !== null && { id }) };
      expect(answerText(answer, position)).toBe(JSON.stringify(evaluationAnswer(answer, position)));
    }),
  );
});

import type { DescribedOperation } from '../../../libs/http/openapi/operation.js';
import type { OperationGroup } from './operation.js';
import { safetyOperations } from './operations/safety.js';

/** Operations whose handlers do not carry their documentation yet. */
const operationGroups: readonly OperationGroup[] = [safetyOperations];

export function operationsElsewhere(): Record<string, DescribedOperation> {
  const described = operationGroups.flatMap(({ operations }) =>
    Object.entries(operations).map(([key, { answers, ...operation }]) => {
      const [[, answer], ...others] = Object.entries(answers) as [[string, DescribedOperation['answer']]];
      return [key, { ...operation, answer, otherAnswers: Object.fromEntries(others) }] as const;
    }),
  );
  return Object.fromEntries(described);
}

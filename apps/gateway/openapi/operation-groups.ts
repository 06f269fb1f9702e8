import type { DescribedOperation } from '../../../libs/http/openapi/operation.js';
import type { OperationGroup } from './operation.js';
import { eventOperations } from './operations/events.js';
import { platformOperations } from './operations/platform.js';
import { safetyOperations } from './operations/safety.js';
import { viewOperations } from './operations/views.js';

/** Operations whose handlers do not carry their documentation yet. */
const operationGroups: readonly OperationGroup[] = [
  eventOperations,
  safetyOperations,
  viewOperations,
  platformOperations,
];

export function operationsElsewhere(): Record<string, DescribedOperation> {
  const described = operationGroups.flatMap(({ operations }) =>
    Object.entries(operations).map(([key, { answers, ...operation }]) => {
      const [[, answer], ...others] = Object.entries(answers) as [[string, DescribedOperation['answer']]];
      return [key, { ...operation, answer, otherAnswers: Object.fromEntries(others) }] as const;
    }),
  );
  return Object.fromEntries(described);
}

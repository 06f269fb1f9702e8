import type { Context } from '../context/context.js';
import { decisionPointProviders } from './decision-point/decision-point-providers.js';
import { EvaluateAccessController } from './features/evaluate-access.controller.js';

export * from './decide-access.js';
export { AccessReplica } from './decision-point/access-replica.js';
export * from './decision-point/evaluation-schemas.js';

export const accessContext: Context = {
  name: 'access',
  routes: [
    {
      name: 'Access',
      description:
        'May this account do this now? AuthZEN Authorization API 1.0. Computed from the log and the clock at the moment of the question; what can’t be known is denied.',
      controllers: [EvaluateAccessController],
    },
  ],
  services: decisionPointProviders,
};

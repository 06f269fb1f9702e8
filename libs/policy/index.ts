import type { Context } from '../context/context.js';
import { policyEvents } from './events.js';
import { PublishPolicyController, PublishPolicyHandler } from './features/publish-policy.js';
import { WithdrawPolicyController, WithdrawPolicyHandler } from './features/withdraw-policy.js';
import { policyStream } from './policy.js';
import { policyAgain } from './queries/policy-again.js';
import { ShowPolicyController, ShowPolicyHandler } from './queries/show-policy.js';

export * from './events.js';
export * from './policy.js';

export const policyContext: Context = {
  name: 'policy',
  events: policyEvents,
  streams: [policyStream],
  decisionsAgain: [policyAgain],
  commands: [PublishPolicyHandler, WithdrawPolicyHandler, ShowPolicyHandler],
  routes: [
    {
      name: 'Content policy',
      description: 'What every account has to accept before it may do anything.',
      controllers: [PublishPolicyController, WithdrawPolicyController, ShowPolicyController],
    },
  ],
};

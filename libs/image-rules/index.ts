import type { Context } from '../context/context.js';
import { imageRuleEvents } from './events.js';
import { ChangeImageRuleController, LiftImageRuleHandler, SetImageRuleHandler } from './features/change-image-rule.js';
import { imageRulesStream } from './image-rules.js';
import { imageRulesAgain } from './queries/image-rules-again.js';
import { ListImageRulesController, ListImageRulesHandler } from './queries/list-image-rules.js';
import { ShowImageRuleController, ShowImageRuleHandler } from './queries/show-image-rule.js';

export * from './events.js';
export * from './image-rules.js';

export const imageRulesContext: Context = {
  name: 'image-rules',
  events: imageRuleEvents,
  streams: [imageRulesStream],
  decisionsAgain: [imageRulesAgain],
  commands: [SetImageRuleHandler, LiftImageRuleHandler, ListImageRulesHandler, ShowImageRuleHandler],
  routes: [
    {
      name: 'Image rules',
      description:
        'Rules about what may be done with an image, each for everyone or for one cohort, from and until a given time. Until an operator lifts it, `photorealistic-faces` is in force for everyone.',
      controllers: [ListImageRulesController, ShowImageRuleController, ChangeImageRuleController],
    },
  ],
};

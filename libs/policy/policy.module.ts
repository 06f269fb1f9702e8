import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { PublishPolicyController, PublishPolicyHandler } from './features/publish-policy.js';
import { ShowPolicyController, ShowPolicyHandler } from './features/show-policy.js';

@Module({
  imports: [CqrsModule],
  controllers: [PublishPolicyController, ShowPolicyController],
  providers: [PublishPolicyHandler, ShowPolicyHandler],
})
export class PolicyModule {}

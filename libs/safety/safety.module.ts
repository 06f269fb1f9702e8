import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { SafetyMetricsController, ShowSafetyMetricsHandler } from './features/show-safety-metrics.js';
import { SafetyReport } from './views/safety-figures.js';

@Module({
  imports: [CqrsModule],
  controllers: [SafetyMetricsController],
  providers: [ShowSafetyMetricsHandler, SafetyReport],
})
export class SafetyModule {}

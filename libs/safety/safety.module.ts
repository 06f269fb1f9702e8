import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { SafetyMetricsController, ShowSafetyMetricsHandler } from './features/show-safety-metrics.js';
import { ReviewReport } from './queries/review-report.js';
import { SafetyReport } from './queries/safety-figures.js';

@Module({
  imports: [CqrsModule],
  controllers: [SafetyMetricsController],
  providers: [ShowSafetyMetricsHandler, SafetyReport, ReviewReport],
})
export class SafetyModule {}

import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { IsArray, IsOptional, IsString } from 'class-validator';
import { Roles } from '../../http/credentials/route-access.js';
import { Means } from '../../http/field-rules.js';
import { Located } from '../../http/location.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { Context } from '../../http/request-context.js';
import { ViewJob, ViewJobs, viewJobExample } from '../jobs/view-jobs.js';

export class ViewsBody {
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @Means('Names of views; all by default.')
  views?: string[];
}

const started = {
  example: { views: ['cases'] },
  answer: answer('ViewJob', 'The started job.', ViewJob, viewJobExample),
  refusals: { 503: ['too-many-jobs'] },
};

@Controller('v1/views')
export class StartViewJobController {
  constructor(@Inject(ViewJobs) private readonly jobs: ViewJobs) {}

  @Post('verify')
  @HttpCode(202)
  @Located('/v1/views/jobs/{id}')
  @Roles('compliance', 'administrator')
  @Operation('Starts a replay into new tables, compares them with the live ones and drops them', started)
  verifyViews(@Body() { views }: ViewsBody, @Context() context: Context): Promise<ViewJob> {
    return this.jobs.replay('verify', views, context);
  }

  @Post('rebuild')
  @HttpCode(202)
  @Located('/v1/views/jobs/{id}')
  @Roles('administrator')
  @Operation('Starts a replay into new tables that then replace the live ones', started)
  rebuildViews(@Body() { views }: ViewsBody, @Context() context: Context): Promise<ViewJob> {
    return this.jobs.replay('rebuild', views, context);
  }
}

import { Controller, Get, Inject, Param } from '@nestjs/common';
import { Roles } from '../../http/credentials/route-access.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { NotFound } from '../../kernel/errors.js';
import { ViewJob, ViewJobs, viewJobExample } from '../jobs/view-jobs.js';

@Controller('v1/views/jobs')
export class ShowViewJobController {
  constructor(@Inject(ViewJobs) private readonly jobs: ViewJobs) {}

  @Get(':id')
  @Roles('operator', 'compliance', 'administrator')
  @Operation('The progress and the result of a verification or rebuild', {
    fields: { id: 'The job; only the process that runs it knows it.' },
    answer: answer('ViewJob', 'The job.', ViewJob, viewJobExample),
    refusals: { 404: ['job-unknown'] },
  })
  showViewJob(@Param('id') id: string): ViewJob {
    const job = this.jobs.find(id);
    if (job) return job;
    throw new NotFound('job-unknown', `there is no job ${id.slice(0, 60)} in this process; it may have been restarted`);
  }
}

import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { IsArray, IsOptional, IsString } from 'class-validator';
import { Roles } from '../../http/credentials/route-access.js';
import { NotFound } from '../../kernel/errors.js';
import { ViewAdministration } from './view-administration.js';

export class ViewsBody {
  /** Names of views; all by default. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  views?: string[];
}

@Controller('v1/views')
export class ViewsController {
  constructor(@Inject(ViewAdministration) private readonly administration: ViewAdministration) {}

  /** Every read model: version, how far it has got, how many rows; every reaction; and the keys that they have parked. */
  @Get()
  @Roles('operator', 'compliance', 'administrator')
  async list() {
    return { items: await this.administration.list(), reactions: await this.administration.reactions() };
  }

  /** Starts a replay into fresh tables that are compared with the live ones and dropped; the answer names the job to ask for. */
  @Post('verify')
  @HttpCode(202)
  @Roles('compliance', 'administrator')
  verify(@Body() { views }: ViewsBody) {
    return this.administration.start('verify', views);
  }

  /** Starts a replay into fresh tables that then take the place of the live ones. */
  @Post('rebuild')
  @HttpCode(202)
  @Roles('administrator')
  rebuild(@Body() { views }: ViewsBody) {
    return this.administration.start('rebuild', views);
  }

  /** How far a verification or rebuild is, and what came out. */
  @Get('jobs/:id')
  @Roles('operator', 'compliance', 'administrator')
  job(@Param('id') id: string) {
    const job = this.administration.job(id);
    if (!job)
      throw new NotFound(
        'job-unknown',
        `there is no job ${id.slice(0, 60)} in this process; it may have been restarted`,
      );
    return job;
  }
}

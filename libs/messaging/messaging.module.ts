import { Module } from '@nestjs/common';
import { FeedController } from './http/feed.controller.js';
import { IngestController } from './http/ingest.controller.js';
import { LogController } from './http/log.controller.js';
import { QuarantineController } from './http/quarantine.controller.js';

@Module({ controllers: [IngestController, FeedController, LogController, QuarantineController] })
export class MessagingModule {}

import { Module } from '@nestjs/common';
import { FeedController } from './http/feed.controller.js';
import { LogController } from './http/log.controller.js';

@Module({ controllers: [FeedController, LogController] })
export class PublishModule {}

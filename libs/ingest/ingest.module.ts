import { Module } from '@nestjs/common';
import { IngestController } from './http/ingest.controller.js';
import { QuarantineController } from './http/quarantine.controller.js';

@Module({ controllers: [IngestController, QuarantineController] })
export class IngestModule {}

import { Module } from '@nestjs/common';
import { EvaluateAccessController } from './features/evaluate-access.controller.js';

@Module({ controllers: [EvaluateAccessController] })
export class AccessModule {}

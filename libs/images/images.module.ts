import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ShowImageController, ShowImageHandler } from './features/show-image.js';
import { Images } from './queries/image-facts.js';
import { ImageOwners } from './queries/image-owner.js';

@Module({
  imports: [CqrsModule],
  controllers: [ShowImageController],
  providers: [ShowImageHandler, Images, ImageOwners],
  exports: [ImageOwners],
})
export class ImagesModule {}

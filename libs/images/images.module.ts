import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ShowImageController, ShowImageHandler } from './features/show-image.js';
import { Images } from './views/image-facts.js';
import { ImageOwners } from './views/image-owner.js';

@Module({
  imports: [CqrsModule],
  controllers: [ShowImageController],
  providers: [ShowImageHandler, Images, ImageOwners],
  exports: [ImageOwners],
})
export class ImagesModule {}

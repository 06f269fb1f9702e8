export class CaseScheduler {}

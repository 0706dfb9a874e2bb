export { BullJobQueue, type BullJobQueueOptions } from './job-queue/bull-job-queue.js';
export { prepareJobQueue } from './job-queue/stored-jobs.js';
export { connectMongo, type Database } from './mongo.js';
export { redisRateLimiter, type RedisRateLimiter } from './redis-rate-limiter.js';

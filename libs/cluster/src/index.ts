export { connectMongo, type Database } from './mongo.js';

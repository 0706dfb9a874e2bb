export { connectMongo, type Database } from './mongo.js';
export { MongoReadModels } from './read-models/mongo-read-models.js';

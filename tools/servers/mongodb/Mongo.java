import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/**
 * A server of MongoDB's wire protocol: {@code java -cp 'lib/*' Mongo.java <port> <file>}.
 *
 * <p>It keeps its documents over a SIGTERM, which closes the file in order; a SIGKILL loses the last seconds of what it acknowledged.
 */
final class Mongo {
  /** What the server says it is: today's drivers refuse the wire version of every one that is built in. */
  private static final MongoVersion FIVE =
      new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
          return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
          return 13;
        }
      };

  public static void main(String[] arguments) {
    var backend = new H2Backend(arguments[1]);
    backend.version(FIVE);
    var server = new MongoServer(backend);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
  }
}

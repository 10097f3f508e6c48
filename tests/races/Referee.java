import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;

/** DynamoDB Local as its own command line starts it, but listening on this machine alone. */
class Referee {
    public static void main(String[] words) throws Exception {
        var local = ServerRunner.createServerFromCommandLineArgs(words);
        var field = local.getClass().getDeclaredField("server");
        field.setAccessible(true);
        var connector = (ServerConnector) ((Server) field.get(local)).getConnectors()[0];
        connector.setHost("127.0.0.1");
        local.start();
    }
}

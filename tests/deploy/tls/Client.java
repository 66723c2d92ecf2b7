// Java's JSSE. See README.md.
import java.io.ByteArrayInputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.*;

class Client {
  static Certificate certificate(String file) throws Exception {
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
  }

  static PrivateKey key(String file) throws Exception {
    String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
  }

  public static void main(String[] arguments) throws Exception {
    System.setProperty("http.keepAlive", "false");
    System.setProperty("jdk.tls.client.protocols", "TLSv" + arguments[2]);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", certificate(arguments[1]));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    KeyManager[] own = null;
    if (arguments.length > 4) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("own", key(arguments[4]), new char[0], new Certificate[] {certificate(arguments[3])});
      KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
      factory.init(store, new char[0]);
      own = factory.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLSv" + arguments[2]);
    context.init(own, trust.getTrustManagers(), null);
    for (int i = 0; i < 2; i++) {
      try {
        HttpsURLConnection connection = (HttpsURLConnection) new URL(arguments[0]).openConnection();
        connection.setSSLSocketFactory(context.getSocketFactory());
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setRequestProperty("Connection", "close");
        connection.setDoOutput(true);
        connection.getOutputStream().write("{\"messages\":[\"java\"]}".getBytes());
        int status = connection.getResponseCode();
        connection.getInputStream().readAllBytes();
        System.out.println(status);
      } catch (java.io.IOException error) {
        System.out.println("refused: " + error.getMessage());
      }
    }
  }
}

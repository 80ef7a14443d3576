import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Starts and stops the moderation of a room, without an SDK. */
public class Call {
    static String call(String action, String body) throws Exception {
        String appId = System.getenv("ZEGO_APP_ID");
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        String nonce = HexFormat.of().formatHex(random);
        long now = System.currentTimeMillis() / 1000L;
        byte[] digest = MessageDigest.getInstance("MD5").digest((appId + nonce + System.getenv("ZEGO_SERVER_SECRET") + now).getBytes(StandardCharsets.UTF_8));
        URL url = new URL(System.getenv("ZEGO_URL") + "/?Action=" + action + "&AppId=" + appId + "&SignatureNonce=" + nonce + "&Timestamp=" + now
                + "&Signature=" + HexFormat.of().formatHex(digest) + "&SignatureVersion=2.0");
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(body.getBytes(StandardCharsets.UTF_8));
        }
        try (InputStream in = connection.getInputStream()) {
            String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (!answer.contains("\"Code\":0,")) {
                throw new IOException(answer);
            }
            return answer;
        }
    }

    public static void main(String[] args) throws Exception {
        String room = "\u623f\u95f4 1";
        String answer = call("StartCensorAudioV2", "{\"RoomId\":\"" + room + "\",\"EventId\":\"audio_room\",\"AudioLanguage\":\"zh\",\"RiskTypeList\":[\"DIRTY\"]}");
        String taskId = answer.replaceAll(".*\"TaskId\":\"([^\"]*)\".*", "$1").trim();
        call("StopCensorAudioV2", "{\"TaskId\":\"" + taskId + "\"}");
    }
}

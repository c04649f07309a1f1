/** A digit in front of the camera: a square of its picture is read like an uploaded picture. */

const SIDE = 480; // px of the square that is sent

const SENTENCES = {
  NotAllowedError: "picture.camera.denied",
  SecurityError: "picture.camera.denied",
  NotFoundError: "picture.camera.none",
  OverconstrainedError: "picture.camera.none",
  NotReadableError: "picture.camera.busy",
};

export function attachCamera(root, store, read) {
  const dialog = root.querySelector("#webcam-dialog");
  const video = root.querySelector("#webcam-video");
  let stream = null;

  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
  };

  root.querySelector("#webcam").addEventListener("click", async () => {
    // Browsers offer the camera to https and localhost only.
    if (!navigator.mediaDevices?.getUserMedia) return store.emit("toast", { key: "picture.camera.https" });
    dialog.showModal();
    try {
      const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      stop();
      stream = opened;
      if (!dialog.open) return stop(); // closed while the browser asked for permission
      video.srcObject = stream;
      await video.play();
    } catch (error) {
      if (error.name === "AbortError") return; // closed while it started
      dialog.close();
      store.emit("toast", { key: SENTENCES[error.name] ?? "picture.camera.none" });
    }
  });

  root.querySelector("#webcam-take").addEventListener("click", () => {
    const [width, height] = [video.videoWidth, video.videoHeight];
    if (!width) return; // no picture has come yet
    const side = Math.min(width, height);
    const square = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
    square.getContext("2d").drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    square.toBlob((blob) => blob && read(blob), "image/png");
    dialog.close();
  });

  root.querySelector("#webcam-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stop);
}

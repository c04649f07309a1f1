// Colours of the drawings on the pictures. The pictures are white ink on black in both themes, because that is what the network
// sees, so they do not follow the page's theme. One colour for the network, one for the visitor.
export const INK = Object.freeze({
  net: "#4cc4ff",
  netSoft: "rgba(76, 196, 255, 0.42)",
  user: "#ffa62b",
  userSoft: "rgba(255, 166, 43, 0.45)",
  push: "#f4fbff", // arrows of the gradient
  halo: "rgba(0, 0, 0, 0.65)", // under every line, so that it also shows on white ink
  dim: "rgba(0, 0, 0, 0.5)",
  outside: "#10151b", // beyond the edge of the frame
  edge: "rgba(255, 255, 255, 0.28)",
});

// What stories are about: nouns with their plurals, and what goes with them.

/** A noun that can be counted. */
export interface Noun {
  readonly one: string;
  readonly many: string;
}

/** A toy, and what one does with it. */
export interface Toy extends Noun {
  /** "played with", in the past. */
  readonly played: string;
  /** "play with". */
  readonly play: string;
}

/** An animal, and what is true of it. */
export interface Animal extends Noun {
  readonly sound: string;
  readonly food: string;
  readonly home: string;
  readonly moved: string;
  readonly fact: string;
}

/** A place, with what can hide a thing there. */
export interface Place {
  readonly at: string;
  readonly to: string;
  readonly spots: readonly string[];
}

export const COLORS: readonly string[] = [
  "red",
  "blue",
  "green",
  "yellow",
  "orange",
  "purple",
  "white",
  "black",
  "brown",
  "pink",
];

export const TRAITS: readonly string[] = [
  "kind",
  "brave",
  "curious",
  "happy",
  "clever",
  "quiet",
  "cheerful",
  "honest",
  "gentle",
  "funny",
];

export const TOYS: readonly Toy[] = [
  { one: "ball", many: "balls", played: "kicked", play: "kick" },
  { one: "kite", many: "kites", played: "flew", play: "fly" },
  { one: "doll", many: "dolls", played: "dressed", play: "dress" },
  { one: "toy car", many: "toy cars", played: "raced", play: "race" },
  { one: "drum", many: "drums", played: "played", play: "play" },
  { one: "toy boat", many: "toy boats", played: "sailed", play: "sail" },
  { one: "book", many: "books", played: "read", play: "read" },
  { one: "hat", many: "hats", played: "wore", play: "wear" },
  { one: "scarf", many: "scarves", played: "wore", play: "wear" },
  { one: "umbrella", many: "umbrellas", played: "carried", play: "carry" },
  { one: "toy train", many: "toy trains", played: "pulled", play: "pull" },
  { one: "bucket", many: "buckets", played: "filled", play: "fill" },
];

/** Things to count, share, buy and sell. */
export const GOODS: readonly Noun[] = [
  { one: "apple", many: "apples" },
  { one: "pear", many: "pears" },
  { one: "cookie", many: "cookies" },
  { one: "shell", many: "shells" },
  { one: "stone", many: "stones" },
  { one: "egg", many: "eggs" },
  { one: "carrot", many: "carrots" },
  { one: "nut", many: "nuts" },
  { one: "flower", many: "flowers" },
  { one: "orange", many: "oranges" },
  { one: "berry", many: "berries" },
];

export const ANIMALS: readonly Animal[] = [
  {
    one: "dog",
    many: "dogs",
    sound: "barked",
    food: "a bone",
    home: "a kennel",
    moved: "ran",
    fact: "It wags its tail when it is happy",
  },
  {
    one: "cat",
    many: "cats",
    sound: "meowed",
    food: "some fish",
    home: "a basket",
    moved: "ran",
    fact: "It purrs when you stroke it",
  },
  {
    one: "cow",
    many: "cows",
    sound: "mooed",
    food: "some grass",
    home: "a barn",
    moved: "walked",
    fact: "It gives us milk",
  },
  {
    one: "duck",
    many: "ducks",
    sound: "quacked",
    food: "some bread",
    home: "a pond",
    moved: "swam",
    fact: "It swims on the water",
  },
  {
    one: "hen",
    many: "hens",
    sound: "clucked",
    food: "some corn",
    home: "a henhouse",
    moved: "ran",
    fact: "It lays eggs",
  },
  {
    one: "sheep",
    many: "sheep",
    sound: "bleated",
    food: "some hay",
    home: "a meadow",
    moved: "walked",
    fact: "It gives us wool",
  },
  {
    one: "horse",
    many: "horses",
    sound: "neighed",
    food: "an apple",
    home: "a stable",
    moved: "galloped",
    fact: "It can carry a rider",
  },
  {
    one: "frog",
    many: "frogs",
    sound: "croaked",
    food: "a fly",
    home: "a swamp",
    moved: "hopped",
    fact: "It is green and it jumps far",
  },
  {
    one: "mouse",
    many: "mice",
    sound: "squeaked",
    food: "some cheese",
    home: "a hole",
    moved: "ran",
    fact: "It is small and gray",
  },
  {
    one: "owl",
    many: "owls",
    sound: "hooted",
    food: "a beetle",
    home: "a hollow tree",
    moved: "flew",
    fact: "It sleeps all day and flies at night",
  },
  {
    one: "bird",
    many: "birds",
    sound: "sang",
    food: "some seeds",
    home: "a nest",
    moved: "flew",
    fact: "It has feathers and two wings",
  },
  {
    one: "bear",
    many: "bears",
    sound: "growled",
    food: "some honey",
    home: "a cave",
    moved: "walked",
    fact: "It sleeps all winter",
  },
  {
    one: "squirrel",
    many: "squirrels",
    sound: "chattered",
    food: "a nut",
    home: "an oak tree",
    moved: "climbed",
    fact: "It hides nuts for the winter",
  },
  {
    one: "rabbit",
    many: "rabbits",
    sound: "squealed",
    food: "a carrot",
    home: "a burrow",
    moved: "hopped",
    fact: "It has long ears",
  },
];

export const PLACES: readonly Place[] = [
  {
    at: "in the park",
    to: "to the park",
    spots: ["under the bench", "near the pond", "behind the big tree", "by the swings"],
  },
  {
    at: "at the beach",
    to: "to the beach",
    spots: ["near the rocks", "by the old boat", "next to the sand castle", "under the palm tree"],
  },
  {
    at: "in the garden",
    to: "to the garden",
    spots: ["behind the roses", "under the apple tree", "by the gate", "near the fence"],
  },
  {
    at: "in the forest",
    to: "to the forest",
    spots: ["under the oak tree", "by the stream", "on the flat rock", "behind the bushes"],
  },
  {
    at: "at school",
    to: "to school",
    spots: ["behind the door", "under the desk", "near the window", "next to the piano"],
  },
  {
    at: "on the farm",
    to: "to the farm",
    spots: ["in the barn", "by the well", "behind the hay", "next to the henhouse"],
  },
  {
    at: "at the market",
    to: "to the market",
    spots: ["near the fountain", "by the fruit stand", "behind the bread cart", "under the table"],
  },
  {
    at: "on the hill",
    to: "to the hill",
    spots: ["in the tall grass", "by the windmill", "under the old pine", "behind the stone wall"],
  },
];

/** Where things hide in a house. */
export const INDOORS: readonly string[] = [
  "under the bed",
  "in the kitchen",
  "behind the sofa",
  "in the closet",
  "on the shelf",
  "in the toy box",
  "behind the curtain",
  "under the table",
];

/** Where one lives: "lived in a small house", "went back to the small house". */
export const HOMES: readonly { readonly in: string; readonly the: string }[] = [
  ["small house", "near the forest"],
  ["little house", "by the sea"],
  ["white house", "on a hill"],
  ["tall house", "in the city"],
  ["old house", "by the river"],
  ["red house", "at the end of the road"],
  ["quiet village", "in the mountains"],
  ["cozy house", "next to a mill"],
].map(([house, where]) => ({
  in: `in ${/^[aeiou]/.test(house) ? "an" : "a"} ${house} ${where}`,
  the: `the ${house} ${where}`,
}));

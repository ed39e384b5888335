import { baking, growingPlant, hungryAnimal } from "./plots_of_food.ts";
import { helpedAnimal, newNeighbor, riddle, sickFriend } from "./plots_of_friends.ts";
import { findingTheWay, forbidden, newSkill, race } from "./plots_of_learning.ts";
import { countingVisitors, fairShares, gathering, shopping } from "./plots_of_numbers.ts";
import { birthdayPresent, brokenThing, lostThing, swappedThings } from "./plots_of_things.ts";
import { caughtInRain, coldDay, noiseAtNight, windyDay } from "./plots_of_weather.ts";
import type { Plot } from "./tale.ts";

/** Every kind of story there is. */
export const PLOTS: readonly Plot[] = [
  lostThing,
  brokenThing,
  swappedThings,
  birthdayPresent,
  caughtInRain,
  coldDay,
  noiseAtNight,
  windyDay,
  hungryAnimal,
  baking,
  growingPlant,
  gathering,
  shopping,
  fairShares,
  countingVisitors,
  helpedAnimal,
  newNeighbor,
  riddle,
  sickFriend,
  newSkill,
  forbidden,
  findingTheWay,
  race,
];

// Scenes with animals: hungry, in trouble, guessed, new in the house.

import { capitalize } from "../capitalize.ts";
import { speech } from "./inflect.ts";
import { RUSSIAN_ANIMALS, RUSSIAN_PETS } from "./nouns.ts";
import type { Scene, SceneText } from "./scene.ts";

/** Голод: an animal is hungry and gets what it eats. */
export function hunger({ dice, place, roles: { animal } }: Scene): SceneText {
  const wrong = dice.pick(["суп", "кашу", "салат", "варенье"]);
  const spot = dice.pick(place.spots);
  const there = capitalize(place.at);
  return {
    paragraphs: [
      dice.pick([
        `Однажды {hero} {увидел hero} ${place.at} {animalLook animal acc}. {Animal} {был animal} ${spot} и грустно {смотрел animal} на {hero acc}.`,
        `${there} {жил animal} {animalLook animal}. Был холодный день, и {animal} {был animal} {голоден animal}.`,
      ]) + " " + speech("Ты хочешь есть?", "hero"),
      `{hero} {принёс hero} ${wrong}, но {animal} ничего не {съел animal}. Тогда {hero} {принёс hero} ${animal.food}. {Animal} всё {съел animal} и {стал animal} {весёлый animal ins}.`,
      dice.pick([
        `С тех пор {hero} каждый день {приносил hero} {animal dat} ${animal.food}.`,
        `Теперь {hero} и {animal} дружат.`,
        `{hero} {понял hero}, что {animal} любит ${animal.food}, а не ${wrong}.`,
        `Потом {animalLook animal} {ушёл animal} домой.`,
      ]),
    ],
  };
}

/** Беда: an animal cannot get down or out, and is helped. */
export function rescue({ dice, place, roles: { adult, friend, animal } }: Scene): SceneText {
  const helper = dice.pick([adult, friend]);
  const [verb, where, tool, deed] = dice.pick([
    ["упал", "в яму", "верёвку", "вытащили"],
    ["застрял", "в заборе", "пилу", "освободили"],
    ["попал", "в сеть", "нож", "освободили"],
    ["упал", "в воду", "палку", "вытащили"],
    ["застрял", "между камнями", "лопату", "вытащили"],
  ]);
  return {
    roles: { helper },
    paragraphs: [
      `{hero} {гулял hero} ${place.at} и вдруг {услышал hero} шум. {AnimalLook animal} {${verb} animal} ${where}! ` +
      speech(dice.pick(["Не бойся!", "Я помогу тебе!"]), "hero"),
      `Но {hero} не {смог hero} помочь {сам hero}. {Он hero} {побежал hero} домой и {позвал hero} {helper acc}. {Helper} {взял helper} ${tool} и {пришёл helper} ${place.to}. Вместе они ${deed} {animalLook animal acc}.`,
      dice.pick([
        `{Animal} {был animal} {мокрый animal ins}, но {живой animal ins}.`,
        `{Animal} {посмотрел animal} на {hero acc} и {ушёл animal} домой.`,
        `{hero} {дал hero} {animal dat} ${animal.food}, и {animal} всё {съел animal}.`,
      ]) + " " + dice.pick([
        speech(`Как хорошо, что ты {позвал hero} меня.`, "helper"),
        `Теперь {hero} часто вспоминает про {animalLook animal acc}.`,
        `На другой день {animalLook animal} снова {пришёл animal} к {hero dat}.`,
      ]),
    ],
  };
}

/** Загадка: where it lives, what it eats, what it does. */
export function puzzle({ dice, roles: { animal } }: Scene): SceneText {
  const wrong = dice.pick(
    RUSSIAN_ANIMALS.filter(({ home, food }) => home !== animal.home && food !== animal.food),
  );
  return {
    roles: { wrong },
    paragraphs: [
      dice.pick([
        `{hero} и {friend} играли в загадки.`,
        `Вечером {friend} {загадал friend} {hero dat} загадку.`,
      ]) + " " + speech(`Это животное живёт ${animal.home}. Кто это?`, "friend"),
      `{hero} {подумал hero} и {ответил hero}: «Это {wrong}». ` +
      speech(
        `Нет, {wrong} живёт ${wrong.home}. Моё животное ест ${animal.food} и ${animal.fact}.`,
        "friend",
      ),
      `Тогда {hero} {понял hero}. ` + speech(`Это {animal}!`, "hero") + " " +
      dice.pick([
        speech("Правильно!", "friend"),
        `{friend} {засмеялся friend}: это и правда {был animal} {animal}.`,
      ]) + " " + dice.pick([
        `Потом {он hero} {сам hero} {загадал hero} загадку.`,
        `{Adult} {слушал adult} и {улыбался adult}.`,
        `А кто живёт ${wrong.home} и ест ${wrong.food}? Это {wrong}.`,
      ]),
    ],
  };
}

/** Новый друг: an animal comes into the house and gets used to it. */
export function newFriend({ dice }: Scene): SceneText {
  const animal = dice.pick(RUSSIAN_PETS);
  return {
    roles: { animal },
    paragraphs: [
      dice.pick([
        `{Adult} {принёс adult} домой {animalLook animal acc}.`,
        `Однажды к дому {пришёл animal} {animalLook animal}.`,
      ]) +
      ` Сначала {animal} всего {боялся animal} и {сидел animal} под столом. {hero} {сел hero} рядом и тихо {говорил hero} с {ним animal}.`,
      `Потом {hero} {дал hero} {animal dat} ${animal.food}. {Он animal} {вышел animal} из-под стола и всё {съел animal}. ` +
      `{hero} {показал hero} {ему animal} {look thing acc}, и они стали играть.`,
      `Ночью {animal} {спал animal} рядом с {hero ins}. ` +
      dice.pick([
        `Больше {он animal} ничего не {боялся animal}.`,
        `Утром {hero} {проснулся hero} и {увидел hero}, что {animal} играет с {look thing ins}.`,
        `{Adult} {сказал adult}, что теперь у {hero gen} есть друг.`,
        `Так {он hero} {нашёл hero} друга.`,
      ]),
    ],
  };
}

// A windmill on a grid, at sunset: a scene of one's own to try `apps/render` with.
#version 3.7;
global_settings { assumed_gamma 1.0 }

#declare Stone = texture {
  pigment { granite color_map { [0 rgb <0.82, 0.74, 0.62>] [1 rgb <0.55, 0.45, 0.36>] } scale 0.4 }
  normal { bumps 0.3 scale 0.06 }
}
#declare Wood = texture { pigment { rgb <0.30, 0.16, 0.08> } finish { specular 0.2 roughness 0.05 } }
#declare Canvas = texture { pigment { rgb <0.95, 0.92, 0.85> } finish { diffuse 0.85 } }

camera { location <-4.6, 2.0, -8.4> look_at <0.1, 3.25, 0> angle 58 right x * image_width / image_height }
light_source { <-60, 26, -40> rgb <1.3, 0.95, 0.65> area_light <6, 0, 0>, <0, 6, 0>, 4, 4 adaptive 1 }
light_source { <30, 60, -20> rgb <0.12, 0.16, 0.28> shadowless }

sky_sphere {
  pigment { gradient y color_map { [0 rgb <0.98, 0.62, 0.35>] [0.25 rgb <0.86, 0.55, 0.52>] [0.7 rgb <0.22, 0.30, 0.52>] } }
  pigment {
    bozo turbulence 0.6 omega 0.6 lambda 2.5 scale <1.2, 0.2, 1.2>
    color_map { [0.45 rgbt <1, 0.85, 0.75, 1>] [0.9 rgbt <1, 0.80, 0.70, 0.25>] }
  }
}

// The grid: still water between fields.
plane { y, 0
  pigment { checker rgb <0.22, 0.34, 0.16> rgb <0.30, 0.42, 0.18> scale 2.5 }
  normal { bumps 0.25 scale 0.15 }
}
#for (I, -9, 9)
  union {
    box { <I * 2.5 - 0.12, 0, -40>, <I * 2.5 + 0.12, 0.011, 60> }
    box { <-40, 0, I * 2.5 - 0.12>, <40, 0.010, I * 2.5 + 0.12> }
    texture { pigment { rgb <0.05, 0.08, 0.10> } normal { ripples 0.08 scale 0.5 } finish { reflection 0.65 diffuse 0.2 } }
  }
#end

// The tower with its gallery, door, windows and cap.
cone { <0, 0, 0>, 1.35, <0, 3.3, 0>, 0.85 texture { Stone } }
torus { 1.18, 0.07 translate y * 1.45 texture { Wood } }
box { <-0.32, 0, -1.38>, <0.32, 0.95, -1.1> texture { Wood } }
#for (I, 0, 2)
  box { <-0.14, 0, -0.3>, <0.14, 0.32, 0.3> rotate x * 8 translate <0, 1.75 + I * 0.5, -0.82 + I * 0.07> pigment { rgb <1, 0.75, 0.3> } finish { emission 0.6 } }
#end
lathe { cubic_spline 6, <1.1, -0.2>, <1.0, 0>, <0.92, 0.35>, <0.55, 0.85>, <0, 1.05>, <-0.5, 0.9> translate y * 3.3 texture { Wood } }

// Four sails: a spar, a canvas, and the bars that hold it.
#declare Sail = union {
  cylinder { <0, 0, 0>, <0, 3.0, 0>, 0.05 texture { Wood } }
  box { <0.03, 0.5, -0.015>, <0.62, 2.95, 0.0> texture { Canvas } }
  #for (I, 0, 7) cylinder { <-0.05, 0.5 + I * 0.35, -0.03>, <0.66, 0.5 + I * 0.35, -0.03>, 0.022 texture { Wood } } #end
  rotate y * -12
}
union {
  #for (I, 0, 3) object { Sail rotate z * (20 + I * 90) } #end
  sphere { 0, 0.16 texture { Wood } }
  cylinder { 0, <0, 0, 0.9>, 0.09 texture { Wood } }
  translate <0, 3.65, -1.35>
}
